"""The audit: compares requests, jobs, runs, products and records, and names what does not agree.

It reads; it never sets anything right. It takes nothing from the code that keeps the books: counts are counted again.
"""

from mesh.audit.audit import audit
from mesh.audit.finding import Finding, Kind, Report

__all__ = ["Finding", "Kind", "Report", "audit"]
