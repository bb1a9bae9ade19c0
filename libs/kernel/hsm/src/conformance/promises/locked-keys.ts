import { equal, notEqual } from 'node:assert/strict'
import { Secret } from '@strongroom/crypto'
import type { LockedKey, LockRequest } from '../../keystore.ts'
import { everyFlip, given, isLong, opensNot, sameSecret } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'
import { binding, otherBindings } from '../trial.ts'

const pin = (text: string): Secret => new Secret(text)
const request: LockRequest = { binding, factor: pin('1234') }
const wrong: LockRequest = { binding, factor: pin('4321') }

export const lockedKeys = promisesOf(
  { area: 'locked keys', needs: ['seal', 'wrap', 'mac'] },
  {
    'the factor opens the key, and no other factor does': async ({ shared }) => {
      const keystore = await shared()
      const locked = await keystore.issueLockedKey(request)
      isLong(locked.verifier, 32, 'the verifier')
      const key = given(await keystore.openLockedKey(request, locked), 'key for the right factor')
      isLong(key, 32, 'the key')
      sameSecret(await keystore.openLockedKey(request, locked), key, 'the key opened again')
      for (const factor of ['', '123', '12345', '1234\0', '１２３４']) {
        const attempt = { binding, factor: pin(factor) }
        equal(await keystore.openLockedKey(attempt, locked), undefined, 'a wrong factor opens')
        equal(await keystore.fitsLock(attempt, locked), false, 'a wrong factor fits')
      }
      equal(await keystore.fitsLock(request, locked), true, 'the right factor does not fit')
    },

    'a wrong factor costs exactly one MAC, whatever the row holds': async ({ open, faults }) => {
      const keystore = await open({ probeIntervalMs: 60_000 })
      const locked = await keystore.issueLockedKey(request)
      const decoy: LockedKey = { verifier: new Uint8Array(32), envelope: new Uint8Array() }
      const device = faults()
      for (const row of [locked, decoy, { ...locked, verifier: new Uint8Array() }]) {
        const guesses = [
          () => keystore.openLockedKey(wrong, row),
          () => keystore.fitsLock(wrong, row),
          () => keystore.relockKey(wrong, row, request),
        ]
        for (const guess of guesses) {
          const [all, macs] = [device.calls(), device.calls('C_Sign')]
          equal((await guess()) || undefined, undefined, 'a wrong factor fits')
          // C_SignInit and C_Sign.
          equal(device.calls() - all, 2, 'another number of device calls')
          equal(device.calls('C_Sign') - macs, 1, 'another number of MACs')
        }
      }
    },

    'the right factor for another row, owner, purpose or version does not fit': async ({ shared }) => {
      const keystore = await shared()
      const locked = await keystore.issueLockedKey(request)
      for (const elsewhere of otherBindings) {
        equal(await keystore.openLockedKey({ ...request, binding: elsewhere }, locked), undefined, 'it fits elsewhere')
      }
    },

    'a verifier that fits does not open the envelope of another row': async ({ shared }) => {
      const keystore = await shared()
      const elsewhere = { ...request, binding: { ...binding, row: 'row-2' } }
      const [mine, theirs] = [await keystore.issueLockedKey(request), await keystore.issueLockedKey(elsewhere)]
      const mixed = { verifier: theirs.verifier, envelope: mine.envelope }
      await opensNot(keystore.openLockedKey(elsewhere, mixed), 'the envelope of another row')
    },

    'relocking keeps the key and retires the old factor and version': async ({ shared }) => {
      const keystore = await shared()
      const next = { binding: { ...binding, version: 2 }, factor: pin('a longer one') }
      const locked = await keystore.issueLockedKey(request)
      const key = given(await keystore.openLockedKey(request, locked), 'key')
      const relocked = given(await keystore.relockKey(request, locked, next), 'relocked key')
      sameSecret(await keystore.openLockedKey(next, relocked), key, 'the key under its new factor')
      equal(await keystore.openLockedKey(request, relocked), undefined, 'the old factor opens')
      equal(await keystore.relockKey(wrong, locked, next), undefined, 'a wrong factor relocks')
    },

    'the key that is relocked never leaves the token': async ({ open, faults, capabilities, note }) => {
      const staysInside = capabilities.importedWrap() !== undefined
      if (!staysInside) note('locked keys are wrapped in this process, by RFC 3394: the token wraps under no factor')
      const keystore = await open({ probeIntervalMs: 60_000 })
      const locked = await keystore.issueLockedKey(request)
      const device = faults()
      const [reads, unwrapped] = [device.calls('C_GetAttributeValue'), device.calls('C_UnwrapKey')]
      notEqual(await keystore.relockKey(request, locked, wrong), undefined, 'it was not relocked')
      equal(device.calls('C_UnwrapKey') - unwrapped, staysInside ? 1 : 0, 'another number of unwrapped keys')
      equal(device.calls('C_GetAttributeValue'), reads, 'a value was read')
    },

    'every object that an operation makes is destroyed, and after a failure as well': async ({ open, faults }) => {
      const keystore = await open({ probeIntervalMs: 60_000 })
      const device = faults()
      const made = () => device.calls('C_CreateObject') + device.calls('C_GenerateKey') + device.calls('C_UnwrapKey')
      const [before, gone] = [made(), device.calls('C_DestroyObject')]
      const assertNoneLeft = () => equal(device.calls('C_DestroyObject') - gone, made() - before, 'an object was left')
      const locked = await keystore.issueLockedKey(request)
      await keystore.openLockedKey(request, locked)
      assertNoneLeft()
      device.fail(['C_GetAttributeValue'], { name: 'CKR_FUNCTION_FAILED', code: 6, times: 1 })
      isLong(await keystore.openLockedKey(request, locked), 32, 'the key after a failure')
      assertNoneLeft()
    },

    'a locked key with any byte changed does not open': async ({ shared }) => {
      const keystore = await shared()
      const locked = await keystore.issueLockedKey(request)
      for (const envelope of everyFlip(locked.envelope, 0x02)) {
        await opensNot(keystore.openLockedKey(request, { ...locked, envelope }), 'a damaged locked key')
      }
      for (const verifier of everyFlip(locked.verifier, 0x80)) {
        equal(await keystore.fitsLock(request, { ...locked, verifier }), false, 'a damaged verifier fits')
      }
    },
  },
)
