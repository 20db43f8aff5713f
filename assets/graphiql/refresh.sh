#!/usr/bin/env bash
# Fetches GraphiQL and what it needs from npm, minifies what is not, and packs it into vendor/.
# Needs node and npm. Run it after changing a version below, look at GraphiQL in a browser (tests/clients/run
# test/graphiql.test.mjs does, too), and commit the result. What npm gives must be what vendor/VERSIONS says of the same
# version; a test of the service compares the files with vendor/SHA256SUMS.
set -euo pipefail
cd "$(dirname "$0")"

packages=(graphiql@3.8.3 react@18.3.1 react-dom@18.3.1 graphql-ws@5.16.2)
esbuild=esbuild@0.25.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
versions=$work/VERSIONS
echo "Made by ../refresh.sh from these npm packages:" >"$versions"
for package in "${packages[@]}"; do
  archive=$(npm pack --silent --pack-destination "$work" "$package")
  line="$package sha512-$(openssl dgst -sha512 -binary "$work/$archive" | openssl base64 -A)"
  known=$(grep -F "$package sha512-" vendor/VERSIONS || true)
  if [ -n "$known" ] && [ "$known" != "$line" ]; then
    printf 'npm gives another package than before:\n%s\n%s\n' "$known" "$line" >&2
    exit 1
  fi
  echo "$line" >>"$versions"
  mkdir -p "$work/${package%@*}"
  tar -xzf "$work/$archive" -C "$work/${package%@*}" --strip-components=1
done
echo "minified with $esbuild, packed with gzip -9" >>"$versions"

rm -rf vendor
mkdir vendor
pack() { # source, name
  npx --yes "$esbuild" "$work/$1" --minify --legal-comments=inline --log-level=error | gzip -9n >"vendor/$2.gz"
}
pack graphiql/graphiql.js graphiql.js
pack graphiql/graphiql.css graphiql.css
pack react/umd/react.production.min.js react.js
pack react-dom/umd/react-dom.production.min.js react-dom.js
pack graphql-ws/umd/graphql-ws.js graphql-ws.js
cp "$work/graphiql/LICENSE" vendor/LICENSE-graphiql
cp "$work/react/LICENSE" vendor/LICENSE-react
cp "$work/graphql-ws/LICENSE.md" vendor/LICENSE-graphql-ws
cp "$versions" vendor/VERSIONS
(cd vendor && sha256sum -- *.gz >SHA256SUMS)
