/**
 * Certificates for one test, made by openssl: an authority of its own, a server's for 127.0.0.1, a client's.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  readonly ca: string
  readonly server: Certificate
  readonly client: Certificate
}

/** Paths of files in `directory`. */
export async function certificatesIn(directory: string): Promise<Certificates> {
  const file = (name: string) => join(directory, name)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = { cert: file('ca.pem'), key: file('ca-key.pem') }
  const caFiles = ['-keyout', ca.key, '-out', ca.cert]
  await openssl(['req', '-x509', ...newKey, '-days', '1', '-subj', '/CN=perdure test authority', ...caFiles])
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const signed = async (name: string): Promise<Certificate> => {
    const made = { cert: file(`${name}.pem`), key: file(`${name}-key.pem`) }
    const request = file(`${name}.csr`)
    await openssl(['req', ...newKey, '-subj', `/CN=${name}`, '-keyout', made.key, '-out', request])
    const by = ['-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial', '-extfile', file('names')]
    await openssl(['x509', '-req', '-in', request, '-days', '1', ...by, '-out', made.cert])
    return made
  }
  // One after the other: both write the authority's serial number.
  const server = await signed('server')
  return { ca: ca.cert, server, client: await signed('client') }
}

async function openssl(args: readonly string[]): Promise<void> {
  await promisify(execFile)('openssl', args)
}
