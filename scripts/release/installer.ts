/** The installers as they are released: they know their version and where releases are. */

/** install-cni-plugin.sh. Throws when `releasesUrl` could be more than a URL to a shell. */
export function installerFor(script: string, version: string, releasesUrl: string): string {
  const url = checkedUrl(releasesUrl);
  return withValues(script, [
    ["RELEASES_URL=''", `RELEASES_URL='${url}'`],
    ["PLUGIN_VERSION=''", `PLUGIN_VERSION='${version}'`],
  ]);
}

/** install-cni-plugin.ps1, in the same way. */
export function powershellInstallerFor(script: string, version: string, releasesUrl: string): string {
  const url = checkedUrl(releasesUrl);
  return withValues(script, [
    ["$ReleasesUrl = ''", `$ReleasesUrl = '${url}'`],
    ["$ReleasedVersion = ''", `$ReleasedVersion = '${version}'`],
  ]);
}

function checkedUrl(releasesUrl: string): string {
  if (!/^(https?:\/\/[\w.:/~%+-]+)?$/.test(releasesUrl)) {
    throw new Error(
      `RELEASES_URL is ${releasesUrl}; expected one such as https://example.com/releases/download`,
    );
  }
  return releasesUrl.replace(/\/$/, '');
}

/** Replaces whole lines. */
function withValues(script: string, lines: readonly (readonly [string, string])[]): string {
  return lines.reduce((text, [line, released]) => {
    if (!text.includes(`\n${line}\n`)) throw new Error(`Internal error: the installer has no line ${line}`);
    return text.replace(`\n${line}\n`, () => `\n${released}\n`);
  }, script);
}
