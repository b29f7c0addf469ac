"""What a tenant looks like beside the last `pulumi up`, and drift made by hand, to try with."""
