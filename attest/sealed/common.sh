# What follows is common to every archive of stella. It reads the folder that it is run
# in and writes nothing. Needed: a POSIX sh, openssl, sha256sum, base64, sed, grep, cmp,
# cut, tr, wc, sort, uniq, cat.
set -u
LC_ALL=C
export LC_ALL
unset CDPATH

ok() { printf 'ok      %s\n' "$1"; }
note() { printf 'open    %s\n' "$1"; }
fail() {
	printf 'FAILED  %s: %s\n' "$1" "$2"
	printf 'NOT VERIFIED\n'
	exit 1
}
misused() {
	printf 'verify.sh: %s\n' "$1" >&2
	exit 2
}

tools() {
	for t in openssl sha256sum base64 sed grep cmp cut tr wc sort uniq cat; do
		command -v "$t" >/dev/null 2>&1 || misused "$t is needed, and is not there"
	done
	for t in "$@"; do
		[ -f "$t" ] && [ -r "$t" ] || misused "there is no file $t"
	done
	[ -f manifest.json ] || misused "there is no manifest.json here: run this in the folder that the archive was extracted to"
}

sum() { sha256sum <"$1" | cut -c1-64; }

# The files that manifest.json names, in the form of sha256sum.
listed() {
	sed -n 's/^{"name":"\([A-Za-z0-9._+@=,\/-]*\)","size":[0-9]*,"sha256":"\([0-9a-f]\{64\}\)","kind":"[a-z0-9.-]*"},\{0,1\}$/\2  \1/p' manifest.json
}

# Every file below a folder. A link, and a name that no archive has, gets words after it,
# so that it is the name of nothing that is expected.
walk() {
	for f in "$1"* "$1".[!.]* "$1"..?*; do
		case $f in
		*[!A-Za-z0-9._+@=,/-]*) [ ! -e "$f" ] && [ ! -L "$f" ] || printf 'a file of an odd name below ./%s no %s\n' "$(printf %s "$1" | tr -c 'A-Za-z0-9./_-' '?')" "$((odd += 1))" ;;
		*) if [ -L "$f" ]; then
			printf '%s (a link)\n' "$f"
		elif [ -d "$f" ]; then
			walk "$f/"
		elif [ -e "$f" ]; then
			printf '%s\n' "$f"
		fi ;;
		esac
	done
}
odd=0

# manifest.json has the one form, and names what lies here; $1 are the other files.
layout() {
	count=$(sed -n '1s/^{"version":1,"type":"[^"]*","count":\([0-9]*\),"root":"[0-9a-f]*","files":\[$/\1/p' manifest.json)
	[ -n "$count" ] && [ "$(listed | wc -l)" -eq "$count" ] && [ "$(wc -l <manifest.json)" -eq $((count + 2)) ] ||
		fail manifest.json "it is not a manifest of the one form"
	names=$({
		printf '%s\n' $1
		listed | cut -c67-
	} | sort)
	twice=$(printf '%s\n' "$names" | uniq -d | sed 1q)
	[ -z "$twice" ] || fail "$twice" "it is named twice"
	once=$({
		walk ''
		printf '%s\n' "$names"
	} | sort | uniq -u | sed 1q)
	[ -z "$once" ] || { [ -f "$once" ] && fail "$once" "it is no file of this archive"; } || case $once in
	*' '*) fail "$once" "it is no file of this archive" ;;
	*) fail "$once" "it is missing, or no plain file" ;;
	esac
	ok "layout: $count files are in the manifest, and no other lies here"
}

hashes() {
	good=$(listed | sha256sum -c - 2>/dev/null | grep -c ': OK$')
	[ "$good" = "$count" ] || fail "$(listed | sha256sum -c - 2>/dev/null | grep -v ': OK$' | sed '1!d;s/: [A-Za-z ]*$//')" "its SHA-256 is not the one in manifest.json"
	ok "hashes: $count files have the SHA-256 of the manifest"
}

# pae STATEMENT PAE: DSSE v1, "PAE".
pae() {
	{
		printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c <"$1")"
		cat "$1"
	} | cmp -s - "$2" || fail "$2" "it is not what is signed of $1"
}

# signed PAE SIGNATURE KEY
signed() { openssl dgst -sha256 -verify "$3" -signature "$2" "$1" >/dev/null 2>&1; }

# in_bundle BUNDLE NAME FILE: the bundle has FILE under NAME, in base64.
in_bundle() {
	sed -n 's/.*"'"$2"'": *"\([A-Za-z0-9+\/=]*\)".*/\1/p' "$1" | base64 -d 2>/dev/null | cmp -s - "$3" || fail "$1" "its $2 is not $3"
}

token_in_bundle() {
	sed -n 's/.*"signedTimestamp": *"\([A-Za-z0-9+\/=]*\)".*/\1/p' "$1" | base64 -d 2>/dev/null | openssl ts -reply -in /dev/stdin -token_out 2>/dev/null |
		cmp -s - "$2" || fail "$1" "its timestamp is not $2"
}

# Seconds since 1970 of "Mar  1 08:00:00 2026 GMT".
seconds() {
	set -- $(printf '%s\n' "$1" | sed -n 's/^\([A-Z][a-z][a-z]\) *\([0-9]\{1,2\}\) \([0-9][0-9]\):\([0-9][0-9]\):\([0-9][0-9]\)[.0-9]* \([0-9]\{4\}\) GMT$/\1 1\2 1\3 1\4 1\5 \6/p')
	[ $# -eq 6 ] || return 1
	month=$(printf 'Mar Apr May Jun Jul Aug Sep Oct Nov Dec Jan Feb' | sed "s/$1.*//" | wc -w)
	day=$2
	[ "$day" -ge 100 ] && day=$((day - 100)) || day=$((day - 10))
	year=$(($6 - month / 10))
	days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719468))
	printf '%d' $((days * 86400 + ($3 - 100) * 3600 + ($4 - 100) * 60 + $5 - 100))
}

# stamped SIGNATURE TOKEN ROOT: the chain is judged at the time in the token.
stamped() {
	time=$(openssl ts -reply -in "$2" -token_in -text 2>/dev/null | sed -n 's/^Time stamp: //p')
	at=$(seconds "$time") || return 1
	openssl ts -verify -data "$1" -in "$2" -token_in -CAfile "$3" -attime "$at" >/dev/null 2>&1
}

# sealed STATEMENT PAE SIGNATURE TOKEN BUNDLE KEY [ROOT]: who signed the manifest, and when.
sealed() {
	pae "$1" "$2"
	signed "$2" "$3" "$6" || fail "$3" "it is not a signature of $2 by the key $6"
	ok "signature: $1 is signed by the key $6"
	if [ -n "$7" ]; then
		stamped "$3" "$4" "$7" || fail "$4" "it is no timestamp over $3 by the authority $7"
		ok "timestamp: signed no later than $time"
	else
		note "timestamp: no root of a timestamping authority was given"
	fi
	in_bundle "$5" payload "$1"
	in_bundle "$5" sig "$3"
	token_in_bundle "$5" "$4"
	ok "bundle: $5 has the same statement, signature and timestamp"
	note "log: the proof in $5 is checked by stella or cosign, not here"
}

# What a signed statement is made of. A string has no bare quotation mark in it, so that
# nothing inside one is taken for what stands beside it.
string='"([^"\\[:cntrl:]]|\\.)*"'
hex64='"[0-9a-f]{64}"'
digests='\{"sha[0-9]+":"[0-9a-f]+"(,"sha[0-9]+":"[0-9a-f]+")*\}'
subject='\{("name":'$string',)?"digest":'$digests'\}'

# says STATEMENT SUBJECTS PREDICATE: the whole statement, one line, of this archive's type.
says() {
	[ "$(wc -l <"$1")" -eq 0 ] &&
		grep -Eqx '\{"_type":"https://in-toto\.io/Statement/v1","subject":\['"$2"'\],"predicateType":"'"$type"'","predicate":'"$3"'\}' "$1" ||
		fail "$1" "it does not say what such an archive's statement says"
}

# names FILE WHAT END: that a statement which says what it must ends so, with FILE's digest.
names() {
	grep -Eq "$3"'$' "$4" || fail "$1" "it is not the $2 that is signed in $4"
	ok "$2: the SHA-256 of $1 is signed"
}
