"""What this project is made of and where it comes from: SBOM, licences, known vulnerabilities."""
