# What the gates share: the parameters in force, signers, ages, and lists that stay short.
package stella.lib

# The parameters of the environment that is asked about: data.stella.schema says what each is.
parameters := data.stella.environments[input.environment]

# Why nothing can be decided at all; undefined otherwise.
refusal := sprintf("an input of version %v is asked, this policy reads version 1", [object.get(input, "version", "none")]) if {
	not input.version == 1
} else := sprintf("no parameters for environment %q", [object.get(input, "environment", "")]) if {
	not parameterized
}

# A rule of its own: a negated call with an argument that is not there is undefined, not true.
parameterized if is_object(parameters)

# A gate's list has at most so many lines, and one that counts the others.
lines := 20

# capped cuts a list of lines.
capped(list) := array.concat(array.slice(list, 0, lines), more(count(list)))

# more is the last line of a list that had n: none where all of them are shown.
more(n) := [] if n <= lines

more(n) := [sprintf("and %d more", [n - lines])] if n > lines

# who tells signers apart. One key under two names is one signer.
who(signer) := [signer.key, signer.identity, signer.issuer]

# named is the signers of a document, in words.
named(source) := concat(", ", sort([s.name | some s in source.signers]))

# like says whether a glob of the parameters matches a text. A * stands for any text, slashes and dots too.
like(pattern, text) if glob.match(pattern, null, text)

# speaks says whether a glob of the parameters names a signer. Names that begin with "key:" are keys': an
# identity that looks like one is nobody.
speaks(pattern, signer) if {
	not posing(signer)
	like(pattern, signer.name)
}

speaks(pattern, signer) if {
	not posing(signer)
	signer.identity != ""
	like(pattern, signer.identity)
}

posing(signer) if {
	signer.key == ""
	some text in [signer.name, signer.identity]
	startswith(text, "key:")
}

day := ((24 * 60) * 60) * 1000000000

now := time.parse_rfc3339_ns(input.time)

# proven_by_now says whether it is proven that a document was there at the time of the decision.
proven_by_now(source) if {
	source.proven != ""
	source.proven <= input.time
}

# age is that of a document since its proven time, in nanoseconds; undefined where nothing is proven by now.
age(source) := now - time.parse_rfc3339_ns(source.proven) if proven_by_now(source)

# days_of is an age in whole days that have gone by.
days_of(ns) := floor(ns / day)

# package_of names the package of a finding.
package_of(finding) := finding.package.purl if {
	finding.package.purl != ""
} else := trim_space(concat(" ", [finding.package.name, finding.package.version]))
