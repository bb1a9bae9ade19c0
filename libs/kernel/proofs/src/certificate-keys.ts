import { X509Certificate } from 'node:crypto'
import { z } from 'zod'

const certificates = z.record(z.string().min(1), z.string().startsWith('-----BEGIN CERTIFICATE-----'))

/**
 * A JSON Web Key Set of what Google publishes for Firebase: such a set, or an object of certificates by their key ids, whose
 * dates nobody looks at: Google rotates them by taking them out.
 */
export function keySetOf(published: unknown): unknown {
  const { data } = certificates.safeParse(published)
  if (!data) return published
  const keys = Object.entries(data).map(([kid, pem]) => ({
    ...new X509Certificate(pem).publicKey.export({ format: 'jwk' }),
    kid,
    use: 'sig',
  }))
  return { keys }
}
