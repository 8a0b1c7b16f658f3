/**
 * Who may enter a nats-server, as lines of its configuration, with what a client shows to be let in: a user and a
 * password, a token, an nkey, users of an account, or a credentials file (an operator's JWTs).
 */
import { createHash } from 'node:crypto'
import { nkeys } from '@nats-io/transport-node'

type KeyPair = ReturnType<typeof nkeys.createUser>

export const userAndPassword = (user: string, pass: string): string =>
  `authorization { user: "${user}", password: "${pass}" }`

export const token = (text: string): string => `authorization { token: "${text}" }`

export interface NkeyUser {
  readonly config: string
  readonly seed: Uint8Array
}

export function nkeyUser(): NkeyUser {
  const user = nkeys.createUser()
  const config = `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`
  return { config, seed: user.getSeed() }
}

/** Users by account; each account has JetStream. A user's password is its name. */
export function accounts(users: Readonly<Record<string, readonly string[]>>): string {
  const blocks = Object.entries(users).map(
    ([account, names]) =>
      `  ${account} { jetstream: enabled, users: [ ${names.map(name => `{ user: "${name}", password: "${name}" }`).join(', ')} ] }`,
  )
  return `accounts {\n${blocks.join('\n')}\n}`
}

export interface OperatorUser {
  readonly config: string
  /** What a `.creds` file holds. */
  readonly creds: string
}

/** One operator, one account with JetStream, one user of it. */
export function operatorUser(): OperatorUser {
  const [operator, system] = [nkeys.createOperator(), nkeys.createAccount()]
  const [account, user] = [nkeys.createAccount(), nkeys.createUser()]
  const limits = {
    subs: -1,
    conn: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    leaf: -1,
  }
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }
  const operatorJwt = jwt(operator, operator, 'operator', { system_account: system.getPublicKey() })
  const accountJwt = jwt(operator, account, 'account', { limits: { ...limits, ...storage } })
  const systemJwt = jwt(operator, system, 'account', { limits })
  const userJwt = jwt(account, user, 'user', { subs: -1, data: -1, payload: -1 })
  const config = `operator: ${operatorJwt}
resolver: MEMORY
resolver_preload: {
  ${account.getPublicKey()}: ${accountJwt}
  ${system.getPublicKey()}: ${systemJwt}
}`
  return { config, creds: credsFile(userJwt, new TextDecoder().decode(user.getSeed())) }
}

function jwt(
  issuer: KeyPair,
  subject: KeyPair,
  type: string,
  facts: Readonly<Record<string, unknown>>,
): string {
  const claims = {
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    nats: { ...facts, type, version: 2 },
  }
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex')
  const signed = [
    { typ: 'JWT', alg: 'ed25519-nkey' },
    { jti, ...claims },
  ]
    .map(base64url)
    .join('.')
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function credsFile(userJwt: string, seed: string): string {
  const block = (name: string, text: string) => `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n`
  return `${block('NATS USER JWT', userJwt)}\n${block('USER NKEY SEED', seed)}`
}
