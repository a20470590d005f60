"""A double of Stripe's API: what would Stripe have answered, and what money would have moved?"""
