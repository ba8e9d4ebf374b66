"""Reports that plugins declare: one page that lists them, one page for each, on paper and as a file by right."""
