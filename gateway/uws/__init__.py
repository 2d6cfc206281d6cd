"""Jobs as the Universal Worker Service (UWS 1.1) has them: a family for each product, a thin door to `mesh.intake`.

A job is one job, by whichever door it came: each family lists those of its product that the caller may see.
"""
