"""Where finished points are kept, and the tables made of them."""
