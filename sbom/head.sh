# Checks a signed SBOM archive of stella with stock tools, in the folder that it was
# extracted to:
#
#   sh verify.sh PUBLIC_KEY.pem [TSA_ROOT.pem]
#
# The key, and the root of the timestamping authority, come from somewhere else than the
# archive: what lies in it is not trusted. Nor is this script where it came out of the
# archive: take it from a trusted place, or compare its SHA-256 with the published one.
# Exit status: 0 verified, 1 not verified, 2 wrong usage or a tool is missing.
type='tag:stella,2026:sbom-archive/v1'
