[ $# -eq 1 ] || [ $# -eq 2 ] || misused "usage: sh verify.sh PUBLIC_KEY.pem [TSA_ROOT.pem]"
tools "$@"
layout "manifest.json statement.json statement.pae statement.sig statement.sigstore.json timestamp.tsr"
sealed statement.json statement.pae statement.sig timestamp.tsr statement.sigstore.json "$1" "${2:-}"
hashes
for f in sbom.*; do
	grep -q '"predicate":{"sbom":{"name":"'"$f"'","sha256":"'"$(sum "$f")"'",' statement.json || fail "$f" "it is not the SBOM that is signed"
	ok "SBOM: the SHA-256 of $f is signed"
done
grep -q ',"metadata":{"sha256":"'"$(sum metadata.json)"'"}' statement.json || fail metadata.json "it is not the metadata that is signed"
ok "subject: $(sed 's/.*"subject":\(\[.*\]\),"predicateType".*/\1/' statement.json | cut -c1-300)"
printf 'VERIFIED\n'
