state_bucket = "example-aistudio-prod-states" # the same as in s3.tfbackend
