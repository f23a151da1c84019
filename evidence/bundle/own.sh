type='tag:stella,2026:evidence-manifest/v1'
[ $# -ge 1 ] || misused "usage: sh verify.sh PUBLIC_KEY.pem [TSA_ROOT.pem [OTHER_KEY.pem...]]"
tools "$@"
key=$1
root=${2:-}
[ $# -le 2 ] && set -- "$key" || { shift 2 && set -- "$key" "$@"; }
layout "manifest.json manifest.statement.json manifest.pae manifest.sig manifest.tsr manifest.sigstore.json"
sealed manifest.statement.json manifest.pae manifest.sig manifest.tsr manifest.sigstore.json "$key" "$root"
says manifest.statement.json "$subject(,$subject)*" '\{"count":[0-9]+,"root":'$hex64',"manifest":\{"sha256":'$hex64'\}\}'
names manifest.json manifest ',"manifest":\{"sha256":"'$(sum manifest.json)'"\}\}\}' manifest.statement.json
hashes

# attestation FOLDER KEYS...: what one of the keys signed, and when.
attestation() {
	folder=$1
	shift
	[ -f "$folder/pae" ] || {
		note "$folder: it has no signature that stands by itself"
		return
	}
	pae "$folder/statement.json" "$folder/pae"
	by=
	for k in "$@"; do
		signed "$folder/pae" "$folder/sig" "$k" && by=$k && break
	done
	[ -n "$by" ] || {
		note "$folder: none of the keys that were given signed it"
		return
	}
	when='at a time that is not checked'
	if [ -n "$root" ] && [ -f "$folder/timestamp.0.tsr" ]; then
		stamped "$folder/sig" "$folder/timestamp.0.tsr" "$root" && when="no later than $time" ||
			note "$folder: its timestamp is not by the authority that was given"
	fi
	ok "$folder: signed by the key $by, $when"
}
for f in evidence/*.sigstore-bundle; do
	[ -f "$f" ] && attestation "${f%.sigstore-bundle}" "$@"
done
printf 'VERIFIED\n'
