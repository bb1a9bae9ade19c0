import { equal, ok, throws } from 'node:assert/strict'
import type { Handle, Mechanism, Session } from '../../pkcs11/session.ts'
import { importAesKey, readableKey } from '../../keys/session-keys.ts'
import { CKK, CKM, CKO } from '../../pkcs11/cryptoki.ts'
import { isDeviceError } from '../../pkcs11/device-error.ts'
import type { Attributes } from '../../pkcs11/template.ts'
import { tokenRefuses } from '../assertions.ts'
import { oaep } from '../../strategies/oaep.ts'
import type { WrapStrategy } from '../../strategies/strategy.ts'
import { handlesOf, isDone, isKeyless, objectOf, recordOf } from '../token-objects.ts'
import type { KeyRecord } from '../../keystore.ts'
import { promisesOf } from '../token-promise.ts'
import { PAIRS_ARE_DRAWN } from './issued-pairs.ts'
import type { Trial } from '../trial.ts'

const block = new Uint8Array(16)
const BUFFER_TOO_SMALL = 0x150
const modes: readonly Mechanism[] = [{ mechanism: CKM.aesEcb }, { mechanism: 0x1082, parameter: Buffer.alloc(16) }]

const victimOf = (session: Session): Handle =>
  importAesKey(session, { value: new Uint8Array(32), uses: ['encrypt'], extractable: 'extractable' })

/** Real hardware has to: what files hold is only as safe as the files, whatever they say. */
function tolerate({ traits: { description }, note }: Trial, weakness: string): void {
  ok(description.software, `hardware that does so is not fit: ${weakness}`)
  note(weakness)
}

/** A token that only misses room for the result would have wrapped the key. */
const isWrapRefusal = (error: unknown): boolean => isDeviceError(error) && error.code !== BUFFER_TOO_SMALL

/** Where the token wraps keys of any length, and not those that may not be extracted. */
function assertNotWrapped({ session: open, capabilities, traits }: Trial, key: Handle): void {
  const knowsPadding = capabilities.proved.wraps.some(({ name }) => name === 'A256KWP-RFC5649')
  if (!knowsPadding || traits.extractable !== 'enforced') return
  const session = open()
  const wrapper = importAesKey(session, { value: new Uint8Array(32), uses: ['wrap'] })
  const [mechanism = CKM.aesKeyWrapPad] = capabilities.wrap('A256KWP-RFC5649').mechanisms
  throws(() => session.wrapKey(mechanism, wrapper, key), isWrapRefusal, 'it is wrapped')
}

/** As the token is asked to wrap for the strategy, whatever the key is. */
function wayOf({ mechanisms: [mechanism = CKM.aesKeyWrap] }: WrapStrategy): Mechanism {
  if (mechanism === CKM.rsaPkcsOaep) return oaep('sha256')
  const takesIv = mechanism === CKM.aesCbc || mechanism === CKM.aesCbcPad
  return { mechanism, ...(takesIv && { parameter: Buffer.alloc(16) }) }
}

function encryptsNothing(open: Trial['session'], record: KeyRecord): void {
  for (const mode of modes) {
    for (const turn of ['encrypt', 'decrypt'] as const) {
      const session = open()
      tokenRefuses(() => session[turn](mode, objectOf(session, record), block), `${turn} with the ${record.job} key`)
    }
  }
}

const NOTHING_WRAPS = 'the token wraps nothing: issued keys are its randomness, drawn and sealed'

export const wrapKeyJob = promisesOf(
  { area: 'one job per key', needs: ['wrap'] },
  {
    'the wrap key encrypts and decrypts nothing, in any mode': ({ session, keys, note }) => {
      const record = recordOf(keys, 'wrap')
      if (isKeyless(record)) return note(NOTHING_WRAPS)
      encryptsNothing(session, record)
    },

    'a wrapped key does not unwrap as another class': ({ session: open, keys, capabilities, note }) => {
      const record = recordOf(keys, 'wrap')
      if (isKeyless(record)) return note(NOTHING_WRAPS)
      const session = open()
      const [strategy, wrapper] = [capabilities.wrap(record.strategy), handlesOf(session, record)]
      const context = new Uint8Array()
      const wrapped = strategy.wrap(session, wrapper, { key: victimOf(session), context })
      const asPrivate: Attributes = { class: CKO.privateKey, keyType: CKK.ec, token: false, private: true, sign: true }
      tokenRefuses(
        () => strategy.unwrap(session, wrapper, { wrapped, context, attributes: asPrivate }),
        'another class',
      )
    },

    'a key that may not be extracted is not wrapped': (trial) => {
      const { traits, keys, capabilities } = trial
      if (traits.extractable === 'ignored')
        return tolerate(trial, 'CKA_EXTRACTABLE: false does not keep keys from being wrapped')
      const wrap = recordOf(keys, 'wrap')
      if (isKeyless(wrap)) return trial.note(NOTHING_WRAPS)
      const way = wayOf(capabilities.wrap(wrap.strategy))
      for (const record of keys.filter((one) => !isKeyless(one))) {
        const session = trial.session()
        const { key, publicKey = key } = handlesOf(session, wrap)
        tokenRefuses(() => session.wrapKey(way, publicKey, objectOf(session, record)), `wrapping ${record.label}`)
      }
    },
  },
)

export const pairKeyJob = promisesOf(
  { area: 'one job per key', needs: ['wrap-pair'] },
  {
    'the key that wraps private keys encrypts and decrypts nothing, in any mode': ({ session, keys, note }) => {
      const record = recordOf(keys, 'wrap-pair')
      if (isKeyless(record)) return note(PAIRS_ARE_DRAWN)
      encryptsNothing(session, record)
    },
  },
)

export const sealKeyJob = promisesOf(
  { area: 'one job per key', needs: ['seal'] },
  {
    'the seal key wraps and unwraps nothing': ({ session: open, keys }) => {
      const session = open()
      const seal = objectOf(session, recordOf(keys, 'seal'))
      tokenRefuses(() => session.wrapKey(CKM.aesKeyWrap, seal, victimOf(session)), 'wrapping with the seal key')
      const unwrapping = { mechanism: CKM.aesKeyWrap, key: seal }
      tokenRefuses(() => session.unwrapKey(unwrapping, new Uint8Array(40), readableKey), 'unwrapping with the seal key')
    },

    'the seal key knows no mode but its own': (trial) => {
      const { traits, keys, session: open } = trial
      if (traits.mechanismLists === 'ignored')
        return trial.note('CKA_ALLOWED_MECHANISMS does not bind: keys know every mode')
      const record = recordOf(keys, 'seal')
      const own = trial.capabilities.seal(record.strategy).mechanisms
      for (const mode of modes.filter(({ mechanism }) => !own.includes(mechanism))) {
        const session = open()
        tokenRefuses(() => session.encrypt(mode, objectOf(session, record), block), 'another mode with the seal key')
      }
    },
  },
)

export const macKeyJob = promisesOf(
  { area: 'one job per key', needs: ['mac'] },
  {
    'a MAC key neither encrypts nor wraps': ({ session: open, keys }) => {
      const session = open()
      const mac = objectOf(session, recordOf(keys, 'mac'))
      for (const mode of modes) tokenRefuses(() => open().encrypt(mode, mac, block), 'encrypting with a MAC key')
      tokenRefuses(() => open().wrapKey(CKM.aesKeyWrap, mac, victimOf(session)), 'wrapping with a MAC key')
    },

    'no key gives its value away or stops being sensitive': ({ session: open, keys }) => {
      for (const record of keys.filter((one) => !isKeyless(one))) {
        const session = open()
        const key = objectOf(session, record)
        tokenRefuses(() => session.readAttribute(key, 'value'), `the value of ${record.label}`)
        tokenRefuses(
          () => session.copyObject(key, { token: false, sensitive: false }),
          `a readable copy of ${record.label}`,
        )
      }
    },
  },
)

export const edwardsKeyJob = promisesOf(
  { area: 'one job per key', needs: ['sign-ed25519'] },
  {
    'the Ed25519 key signs in no other way': ({ session: open, keys }) => {
      const session = open()
      const key = objectOf(session, recordOf(keys, 'sign-ed25519'))
      tokenRefuses(() => session.sign(CKM.ecdsa, key, new Uint8Array(32)), 'signing by ECDSA')
    },
  },
)

export const recoveryKeyJob = promisesOf(
  { area: 'one job per key', needs: ['recover'] },
  {
    'the recovery key signs and unwraps nothing, knows no older padding, and has no copy outside': async (trial) => {
      const { keys } = await trial.recovery('here')
      const key = objectOf(trial.session(), recordOf(keys, 'recover'))
      const decrypts = (mechanism: number) =>
        isDone(() => trial.session().decrypt({ mechanism }, key, new Uint8Array(384).fill(1)))
      for (const [name, mechanism] of [
        ['raw RSA', 0x3],
        ['PKCS #1 v1.5', 0x1],
      ] as const) {
        if (trial.traits.mechanismLists === 'honoured') equal(decrypts(mechanism), false, `it knows ${name}`)
        tokenRefuses(() => trial.session().sign(mechanism, key, new Uint8Array(32)), `signing by ${name}`)
        const unwrapping = { mechanism, key }
        tokenRefuses(
          () => trial.session().unwrapKey(unwrapping, new Uint8Array(384), readableKey),
          `unwrapping by ${name}`,
        )
      }
      if (trial.traits.mechanismLists === 'ignored')
        trial.note('the recovery key knows older paddings: CKA_ALLOWED_MECHANISMS does not bind')
      tokenRefuses(() => trial.session().copyObject(key, { token: false, sensitive: false }), 'a readable copy')
      assertNotWrapped(trial, key)
      const session = trial.session()
      equal(session.readAttribute(key, 'sensitive')[0], 1, 'it is not sensitive')
      equal(session.readAttribute(key, 'extractable')[0], 0, 'it is extractable')
    },
  },
)
