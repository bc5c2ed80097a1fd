"""`make new-function`: the files of a further function, which pass all tests before anything is changed in them."""
