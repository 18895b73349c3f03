/** Administrators, their passwords, and the service principal. */
import type { WindowsDraft } from '../read/draft.ts';
import { given, valueOr } from '../read/field.ts';
import type { Report, Spot } from '../read/report.ts';
import { quoted } from '../read/source.ts';
import type { Facts } from './facts.ts';

/** What useradd accepts on the images of Azure; acs-engine does not look. Capitals are as the documentation has them. */
const LINUX_USER = /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/;
const WINDOWS_USER = /^[^"/\\[\]:;|=,+*?<>@.\s][^"/\\[\]:;|=,+*?<>@]{0,19}$/;
/** Names that Azure refuses, https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update#osprofile */
const REFUSED_USERS =
  `1 123 a actuser adm admin admin1 admin2 administrator aspnet backup console david guest john owner
root server sql support support_388945a0 sys test test1 test2 test3 user user1 user2 user3 user4 user5`.split(
    /\s+/,
  );
const REFUSED_PASSWORDS = [
  'abc@123',
  'P@$$w0rd',
  'P@ssw0rd',
  'P@ssword123',
  'Pa$$word',
  'pass@word1',
  'Password!',
  'Password1',
  'Password22',
  'iloveyou!',
];
const LEAST_PASSWORD = 8;
const MOST_PASSWORD = 123;
const LEAST_CLASSES = 3;

export function checkAccounts(facts: Facts): void {
  const { draft, report } = facts;
  const { adminUsername } = draft.linux;
  if (adminUsername.state === 'given')
    checkUser(
      report,
      adminUsername.value,
      adminUsername.spot,
      LINUX_USER,
      'letters, digits, _ and -, up to 32, no digit first',
    );
  checkWindows(facts);
  checkServicePrincipal(facts);
}

function checkUser(report: Report, name: string, spot: Spot, pattern: RegExp, expected: string): void {
  if (!pattern.test(name))
    report.error('admin-username', spot, `adminUsername is ${quoted(name)}; expected ${expected}`);
  else if (REFUSED_USERS.includes(name.toLowerCase())) {
    report.error(
      'admin-username',
      spot,
      `adminUsername ${quoted(name)} is refused by Azure; choose a name that is not in use everywhere`,
    );
  }
}

function checkWindows({ draft, report }: Facts): void {
  const pool = draft.pools.find(({ osType }) => given(osType) === 'Windows');
  const { windows } = draft;
  if (pool === undefined) return;
  if (windows === undefined) {
    const other = { label: 'the pool runs Windows', spot: pool.osType.spot };
    report.error(
      'missing',
      draft.properties,
      `${draft.properties.path}.windowsProfile is missing: a pool runs Windows, whose administrator has a name and a password`,
      other,
    );
    return;
  }
  checkWindowsAccount(report, windows);
}

function checkWindowsAccount(
  report: Report,
  { spot, adminUsername: user, adminPassword: password }: WindowsDraft,
): void {
  for (const [name, field] of [
    ['adminUsername', user],
    ['adminPassword', password],
  ] as const) {
    if (field.state === 'absent') report.missing(spot, name, field.spot, 'a pool runs Windows');
  }
  if (user.state === 'given')
    checkUser(report, user.value, user.spot, WINDOWS_USER, 'up to 20 characters, none of "/\\[]:;|=,+*?<>@');
  if (password.state !== 'given') return;
  // The password itself is in no message: findings are pasted into tickets.
  const text = password.value;
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((one) => one.test(text)).length;
  const problem = (what: string) => report.error('admin-password', password.spot, `adminPassword ${what}`);
  if (text.length < LEAST_PASSWORD || text.length > MOST_PASSWORD) {
    problem(`has ${text.length} characters; Azure wants ${LEAST_PASSWORD} to ${MOST_PASSWORD}`);
  }
  if (classes < LEAST_CLASSES) {
    problem(
      `has ${classes} of the four: lower-case letter, capital, digit, other character; Azure wants ${LEAST_CLASSES}`,
    );
  }
  if (REFUSED_PASSWORDS.includes(text)) problem('is one that everybody knows, which Azure refuses');
  if (user.state === 'given' && text.toLowerCase() === user.value.toLowerCase())
    problem('is the name of the user');
}

function checkServicePrincipal({ draft, report }: Facts): void {
  const { servicePrincipal: principal, useManagedIdentity, properties } = draft;
  if (valueOr(useManagedIdentity, false) !== false) return;
  if (principal === undefined) {
    report.error(
      'missing',
      properties,
      `${properties.path}.servicePrincipalProfile is missing: the cluster acts in Azure as somebody; give it, or set kubernetesConfig.useManagedIdentity`,
    );
    return;
  }
  const { clientId, secret, keyVault, spot } = principal;
  if (clientId.state === 'absent')
    report.missing(spot, 'clientId', clientId.spot, 'the application id of the service principal');
  if (secret.state === 'absent' && keyVault === undefined) {
    report.missing(spot, 'secret', secret.spot, 'give it, or keyvaultSecretRef');
  } else if (secret.state !== 'absent' && keyVault !== undefined) {
    report.error(
      'two-secrets',
      secret.spot,
      'secret and keyvaultSecretRef are both given; exactly one of them counts, so remove the other',
      { label: 'keyvaultSecretRef is here', spot: keyVault.spot },
    );
  }
}
