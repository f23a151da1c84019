# Checks an evidence bundle of stella with stock tools, in the folder that it was extracted
# to:
#
#   sh verify.sh PUBLIC_KEY.pem [TSA_ROOT.pem [OTHER_KEY.pem...]]
#
# The keys, and the root of the timestamping authority, come from somewhere else than the
# bundle: what lies in it is not trusted. Nor is this script where it came out of the
# bundle: take it from a trusted place, or compare its SHA-256 with the published one.
# Exit status: 0 verified, 1 not verified, 2 wrong usage or a tool is missing.
