state_bucket = "example-aistudio-dev-states" # the same as in s3.tfbackend
