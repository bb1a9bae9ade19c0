import { createHash, createHmac, createPublicKey, hkdfSync, scryptSync, verify } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import ed25519Vectors from '../../vectors/rfc8032-71-ed25519.json' with { type: 'json' }
import p256Vectors from '../../vectors/rfc6979-a25-p256.json' with { type: 'json' }
import jcsVectors from '../../vectors/rfc8785-jcs.json' with { type: 'json' }
import * as inNode from '../pages/crypto.ts'
import { type OpenPage, openBrowser, servePage } from '../src/index.ts'

const served = await servePage<typeof inNode>({ entry: 'pages/crypto.ts' })
afterAll(() => served.stop())

let page: OpenPage<typeof inNode>
beforeEach(async () => {
  const browser = await openBrowser()
  page = await browser.open(served)
})

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
const sample = Buffer.from('Zoë pays 3 €\u{1f511}')

describe('@strongroom/crypto in a browser', () => {
  test('writes the canonical JSON of RFC 8785', async () => {
    expect(await page.call('canonical', jcsVectors.sample.json)).toBe(jcsVectors.sample.bytes)
    expect(await page.call('canonical', jcsVectors.sorting.json)).toBe(inNode.canonical(jcsVectors.sorting.json))
  })

  test('hashes as OpenSSL does', async () => {
    expect(await page.call('digests', new Uint8Array(sample))).toEqual({
      sha256: createHash('sha256').update(sample).digest('hex'),
      sha512: createHash('sha512').update(sample).digest('hex'),
      hmacSha256: createHmac('sha256', 'key').update(sample).digest('hex'),
    })
  })

  test('derives keys as OpenSSL does', async () => {
    expect(await page.call('derive', 'open sesame')).toEqual({
      hkdf: Buffer.from(hkdfSync('sha256', 'open sesame', 'salt', 'info', 64)).toString('hex'),
      scrypt: scryptSync('open sesame', 'salt', 32, { N: 1024, r: 8, p: 1 }).toString('hex'),
    })
  })

  test('verifies the signatures of the RFCs, and none over another message', async () => {
    const p256 = p256Vectors.signatures.map(({ message, r, s }) => ({
      message: new Uint8Array(Buffer.from(message)),
      signature: hex(r + s),
      publicKey: hex(`04${p256Vectors.publicKey.x}${p256Vectors.publicKey.y}`),
    }))
    const ed25519 = ed25519Vectors.signatures.map(({ message, signature, publicKey }) => ({
      message: hex(message),
      signature: hex(signature),
      publicKey: hex(publicKey),
    }))
    const signed = [...p256.map((one) => ['P-256', one] as const), ...ed25519.map((one) => ['Ed25519', one] as const)]
    for (const [curve, one] of signed) {
      expect(await page.call('verify', curve, one)).toBe(true)
      expect(await page.call('verify', curve, { ...one, message: new Uint8Array(sample) })).toBe(false)
    }
  })

  test('and the platforms agree on what Web Crypto signed', async () => {
    const signed = await page.call('signP256', new Uint8Array(sample))
    const changed = { ...signed, message: new Uint8Array(sample).with(0, 0) }
    const answers = await Promise.all([signed, changed].map((one) => page.call('verify', 'P-256', one)))
    expect(answers).toEqual([true, false])
    expect([signed, changed].map((one) => inNode.verify('P-256', one))).toEqual(answers)
    expect([signed, changed].map(verifyByOpenSsl)).toEqual(answers)
  })

  test('prints no secret, and draws bytes that differ', async () => {
    expect(await page.call('printSecret')).toEqual(['[secret]', '{"secret":"[secret]"}', ''])
    const [one, two] = [await page.call('draw', 70_000), await page.call('draw', 70_000)]
    expect(one).toHaveLength(70_000)
    expect(one).not.toEqual(two)
  })
})

const spkiOfP256 = hex('3059301306072a8648ce3d020106082a8648ce3d030107034200')

function verifyByOpenSsl({ message, signature, publicKey }: Awaited<ReturnType<typeof inNode.signP256>>): boolean {
  const key = createPublicKey({ key: Buffer.concat([spkiOfP256, publicKey]), format: 'der', type: 'spki' })
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}
