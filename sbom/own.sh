[ $# -eq 1 ] || [ $# -eq 2 ] || misused "usage: sh verify.sh PUBLIC_KEY.pem [TSA_ROOT.pem]"
tools "$@"
layout "manifest.json statement.json statement.pae statement.sig statement.sigstore.json timestamp.tsr"
sealed statement.json statement.pae statement.sig timestamp.tsr statement.sigstore.json "$1" "${2:-}"
says statement.json "$subject" '\{"sbom":\{"name":"[a-z.]+","sha256":'$hex64',"size":[0-9]+,"format":"[A-Za-z]+","version":"[A-Za-z0-9.-]+"\},"metadata":\{"sha256":'$hex64'\},"manifest":\{"sha256":'$hex64'\}\}'
end=',"manifest":\{"sha256":"'$(sum manifest.json)'"\}\}\}'
names manifest.json manifest "$end" statement.json
hashes
end='\},"metadata":\{"sha256":"'$(sum metadata.json)'"\}'$end
names metadata.json metadata "$end" statement.json
for f in sbom.*; do
	names "$f" SBOM '"predicate":\{"sbom":\{"name":"'"$f"'","sha256":"'"$(sum "$f")"'",[^{}]*'"$end" statement.json
done
ok "subject: $(sed 's/.*"subject":\(\[.*\]\),"predicateType".*/\1/' statement.json | cut -c1-300)"
printf 'VERIFIED\n'
