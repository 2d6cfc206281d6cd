"""What operators see of the mesh over HTTP, and the little that they can do there."""
