"""Everything around the deployed functions: Terraform, the package build, and the local environment."""
