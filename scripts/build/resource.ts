/** What Windows shows of an executable: Properties, Details. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './image.ts';
import { run } from './run.ts';

/** The object with the resource VERSIONINFO, made in `directory`. https://learn.microsoft.com/windows/win32/menurc/versioninfo-resource */
export async function versionResource(compilerForResources: string, directory: string): Promise<string> {
  const source = join(directory, 'version.rc');
  const object = join(directory, 'version.o');
  writeFileSync(source, scriptFor(version().slice(1)));
  await run([compilerForResources, source, object]);
  return object;
}

function scriptFor(version: string): string {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const numbers = [major, minor, patch, 0].map((number) => (Number.isInteger(number) ? number : 0)).join(',');
  const rows = Object.entries({
    CompanyName: 'azure-vnet contributors',
    FileDescription: 'Azure Virtual Network CNI plugin',
    FileVersion: version,
    InternalName: 'azure-vnet',
    LegalCopyright: 'MIT license',
    OriginalFilename: 'azure-vnet.exe',
    ProductName: 'azure-vnet',
    ProductVersion: version,
  }).map(([name, value]) => `      VALUE "${name}", "${value}\\0"\n`);
  return `1 VERSIONINFO
FILEVERSION ${numbers}
PRODUCTVERSION ${numbers}
FILEOS 0x40004L
FILETYPE 0x1L
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904B0"
    BEGIN
${rows.join('')}    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x0409, 1200
  END
END
`;
}
