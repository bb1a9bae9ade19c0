import { equal, rejects } from 'node:assert/strict'
import { Secret } from '@strongroom/crypto'
import { HsmUnavailable } from '../../errors.ts'
import type { LockRequest, PreparedLock } from '../../keystore.ts'
import { everyFlip, flip, given, isRefused, opensNot, same, sameSecret, secretOf } from '../assertions.ts'
import { promisesOf } from '../token-promise.ts'
import { binding, otherBindings } from '../trial.ts'
import { untilHealed } from '../until-healed.ts'

const request: LockRequest = { binding, factor: new Secret('1234') }
const other: LockRequest = { binding, factor: new Secret('4321') }
const recovered = secretOf(32, 0xa5)
const away = { name: 'CKR_DEVICE_REMOVED', code: 0x32 }

/** Of an envelope, with the kind that it says it is changed to each there is. */
const disguises = (envelope: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: 8 }, (_, kind) => Uint8Array.from(envelope, (byte, at) => (at === 1 ? kind : byte)))

export const preparedLocks = promisesOf(
  { area: 'prepared locks', needs: ['seal', 'wrap', 'mac'] },
  {
    'a recovered key opens to the prepared factor and to no other, like an issued one': async ({ shared }) => {
      const keystore = await shared()
      const prepared = await keystore.prepareLock(request)
      const locked = await keystore.lockRecoveredKey(recovered, binding, prepared)
      same(locked.verifier, (await keystore.issueLockedKey(request)).verifier, 'the verifier')
      sameSecret(await keystore.openLockedKey(request, locked), recovered, 'the recovered key')
      equal(await keystore.fitsLock(request, locked), true, 'the factor does not fit')
      for (const factor of ['', '123', '12345', '4321']) {
        const attempt = { binding, factor: new Secret(factor) }
        equal(await keystore.openLockedKey(attempt, locked), undefined, 'a wrong factor opens')
      }
      const next = { binding: { ...binding, version: 2 }, factor: new Secret('another') }
      const relocked = given(await keystore.relockKey(request, locked, next), 'relocked key')
      sameSecret(await keystore.openLockedKey(next, relocked), recovered, 'the recovered key, relocked')
    },

    'a lock prepared for another row, owner, purpose or version locks nothing here': async ({ shared }) => {
      const keystore = await shared()
      const versions = [1, 2].map((version) => ({ ...binding, version }))
      for (const elsewhere of [...otherBindings, ...versions]) {
        const prepared = await keystore.prepareLock({ ...request, binding: elsewhere })
        await opensNot(keystore.lockRecoveredKey(recovered, binding, prepared), 'a lock for elsewhere')
        const locked = await keystore.lockRecoveredKey(recovered, elsewhere, prepared)
        equal(await keystore.openLockedKey(request, locked), undefined, 'the factor opens here')
      }
      const [older, newer] = [given(versions[0], 'version'), given(versions[1], 'version')]
      for (const [from, to] of [[older, newer] as const, [newer, older] as const]) {
        const prepared = await keystore.prepareLock({ ...request, binding: from })
        await opensNot(keystore.lockRecoveredKey(recovered, to, prepared), 'a lock for another version')
      }
    },

    'another app, another deployment and another token lock nothing with it': async ({ shared, open, stranger }) => {
      const prepared = await (await shared()).prepareLock(request)
      const others = [await open({ app: 'sibling' }), await open({ deployment: 'staging' }), await stranger()]
      for (const keystore of others) {
        await opensNot(keystore.lockRecoveredKey(recovered, binding, prepared), 'a lock of others')
      }
    },

    'a prepared lock opens as nothing else, whatever kind it says it is': async ({ shared }) => {
      const keystore = await shared()
      const { verifier, envelope } = await keystore.prepareLock(request)
      for (const disguised of disguises(envelope)) {
        await opensNot(keystore.open(disguised, binding), 'a lock as a value')
        await opensNot(keystore.openKey(disguised, binding), 'a lock as a key')
        await opensNot(keystore.openLockedKey(request, { verifier, envelope: disguised }), 'a lock as a locked key')
      }
    },

    'nothing else that the keystore made passes for a prepared lock, whatever kind it says it is': async ({
      shared,
    }) => {
      const keystore = await shared()
      const { verifier } = await keystore.prepareLock(request)
      // What an owner may have sealed in this very row: halves that he knows.
      const halves = new Secret(Uint8Array.of(...verifier, ...new Uint8Array(32)))
      const { envelope: locked } = await keystore.issueLockedKey(request)
      for (const one of [await keystore.seal(halves, binding), locked, await keystore.issueKey(binding)]) {
        for (const envelope of disguises(one)) {
          await opensNot(keystore.lockRecoveredKey(recovered, binding, { verifier, envelope }), 'something else')
        }
      }
    },

    'the verifier of another factor, or none, is refused before a key is locked to nobody': async ({ shared }) => {
      const keystore = await shared()
      const prepared = await keystore.prepareLock(request)
      for (const verifier of [(await keystore.prepareLock(other)).verifier, new Uint8Array(32), new Uint8Array()]) {
        const mixed: PreparedLock = { ...prepared, verifier }
        await opensNot(keystore.lockRecoveredKey(recovered, binding, mixed), 'a mixed lock')
      }
    },

    'a prepared lock with any byte changed is refused': async ({ shared }) => {
      const keystore = await shared()
      const prepared = await keystore.prepareLock(request)
      for (const envelope of everyFlip(prepared.envelope, 0x02)) {
        await opensNot(keystore.lockRecoveredKey(recovered, binding, { ...prepared, envelope }), 'a damaged lock')
      }
      const verifier = flip(prepared.verifier, 0)
      await opensNot(keystore.lockRecoveredKey(recovered, binding, { ...prepared, verifier }), 'a damaged verifier')
    },

    'a key of another length than 32 bytes is refused': async ({ shared }) => {
      const keystore = await shared()
      const prepared = await keystore.prepareLock(request)
      for (const length of [0, 16, 31, 33, 64]) {
        await isRefused(keystore.lockRecoveredKey(secretOf(length), binding, prepared), 'input-refused')
      }
    },

    'the recovered key is destroyed on the token, even after a failure, and never read': async ({ open, faults }) => {
      const keystore = await open({ probeIntervalMs: 60_000 })
      const prepared = await keystore.prepareLock(request)
      const device = faults()
      const count = () => ({
        made: device.calls('C_CreateObject') + device.calls('C_GenerateKey') + device.calls('C_UnwrapKey'),
        gone: device.calls('C_DestroyObject'),
        read: device.calls('C_GetAttributeValue'),
      })
      const before = count()
      const assertNoneLeft = () => {
        const after = count()
        equal(after.gone - before.gone, after.made - before.made, 'an object was left')
        return after
      }
      await keystore.lockRecoveredKey(recovered, binding, prepared)
      equal(assertNoneLeft().read, before.read, 'a value was read')
      device.fail(['C_WrapKey'], { name: 'CKR_FUNCTION_FAILED', code: 6, times: 1 })
      const retried = await keystore.lockRecoveredKey(recovered, binding, prepared)
      assertNoneLeft()
      sameSecret(await keystore.openLockedKey(request, retried), recovered, 'the recovered key after a failure')
    },

    'a device that is away locks nothing and prepares nothing': async ({ open, faults }) => {
      const keystore = await open()
      const prepared = await keystore.prepareLock(request)
      const device = faults()
      device.fail(['C_DecryptInit', 'C_SignInit', 'C_OpenSession', 'C_Initialize'], away)
      await rejects(keystore.lockRecoveredKey(recovered, binding, prepared), HsmUnavailable)
      await rejects(keystore.prepareLock(request), HsmUnavailable)
      device.mend()
      await untilHealed(keystore)
      same((await keystore.lockRecoveredKey(recovered, binding, prepared)).verifier, prepared.verifier, 'the verifier')
    },
  },
)
