"""People's pictures: found, decoded and made into images as a model takes them."""
