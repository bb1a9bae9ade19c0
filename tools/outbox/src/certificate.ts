import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Certified {
  /** PEM, PKCS #8. */
  readonly key: string
  /** PEM: vouches for itself, and for nobody else. */
  readonly certificate: string
}

const DAY = 86_400_000
const oids = { ecdsaWithSha256: '2a8648ce3d040302', commonName: '550403', subjectAltName: '551d11' } as const
const tags = { integer: 0x02, bits: 0x03, octets: 0x04, oid: 0x06, text: 0x0c, time: 0x17, sequence: 0x30, set: 0x31 }

/** Makes a key on P-256 and a certificate (RFC 5280) by which this machine may be called by these names, for ten years. */
export function certify(names: readonly string[]): Certified {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signed = sequence(
    der(0xa0, der(tags.integer, Buffer.from([2]))),
    der(tags.integer, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer,
    sequence(timeIn(-DAY), timeIn(3650 * DAY)),
    issuer,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(alternativeNames(names))),
  )
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', signed, privateKey)])
  const bytes = sequence(signed, algorithm, der(tags.bits, signature))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}

/** One value in DER (X.690): tag, length, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  const { length } = body
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}
const sequence = (...contents: readonly Uint8Array[]) => der(tags.sequence, ...contents)
const oid = (hex: string) => der(tags.oid, Buffer.from(hex, 'hex'))
const timeIn = (milliseconds: number) => {
  const digits = new Date(Date.now() + milliseconds).toISOString().replace(/\D/g, '')
  return der(tags.time, Buffer.from(`${digits.slice(2, 14)}Z`))
}

const algorithm = sequence(oid(oids.ecdsaWithSha256))
const issuer = sequence(der(tags.set, sequence(oid(oids.commonName), der(tags.text, Buffer.from('outbox')))))

function alternativeNames(names: readonly string[]) {
  const all = names.map((name) =>
    /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  )
  return sequence(oid(oids.subjectAltName), der(tags.octets, sequence(...all)))
}
