import { Secret } from '@strongroom/crypto'
import { bindBody, type Tenant } from '../envelope/associated-data.ts'
import { MOST_BODY_BYTES } from '../envelope/envelope.ts'
import { encodeLockVersion } from '../envelope/lock-version.ts'
import { HsmRefusal } from '../errors.ts'
import type { Binding, Keystore, LockedKey } from '../keystore.ts'
import { lockOf, whereFactorFits } from '../keystore-on-executor.ts'
import { DATA_KEY_OVERHEAD, encryptBody } from '../operations/data-key.ts'
import { MOST_DIRECT_BYTES } from '../operations/seal.ts'
import { completing } from './complete-recipients.ts'
import { epochsOn } from './epochs.ts'
import type { Member } from './member.ts'
import type { Ring } from './ring.ts'
import { holdByAll, shareWithOthers } from './share.ts'

/**
 * The interface of purposes over several tokens: what is sealed is sealed by all that are healthy, and opened by whichever
 * answers. Comparisons stay here, so that it makes no difference which one computed.
 */
export function severalKeystore(ring: Ring, tenant: Tenant): Keystore {
  const [home] = ring.members
  const asking = { run: ring.askAny }
  const halvesOf = (lock: Parameters<typeof lockOf>[0]) => ring.askAny('lockHalves', { lock: lockOf(lock) })
  const shared = async (maker: Member, binding: Binding, made: LockedKey): Promise<LockedKey> => ({
    verifier: made.verifier,
    envelope: await shareWithOthers(ring, maker, { envelope: made.envelope, binding }),
  })
  return {
    seal: (plaintext, binding) => sealByAll(ring, plaintext, { tenant, binding }),
    open: async (envelope, binding) => new Secret(await ring.askHolder(envelope, 'open', { envelope, binding })),
    mac: (use, message) => ring.askAny('mac', { use, message }),
    macs: (use, message) => ring.askAny('macs', { use, message }),
    sign: (use, message) => home.run('sign', { use, message }),
    publicKey: (use) => home.run('publicKey', { use }),
    signEd25519: (use, message) => home.run('signEd25519', { use, message }),
    ed25519PublicKey: (use) => home.run('ed25519PublicKey', { use }),
    async issueKey(binding) {
      ring.assertWritable()
      return ring.first(ring.members, async (maker) => {
        const envelope = await maker.run('issueKey', { binding })
        return shareWithOthers(ring, maker, { envelope, binding })
      })
    },
    openKey: async (envelope, binding) => new Secret(await ring.askHolder(envelope, 'openKey', { envelope, binding })),
    async issueKeyPair(curve, binding) {
      ring.assertWritable()
      return ring.first(ring.members, async (maker) => {
        const { publicKey, envelope } = await maker.run('issueKeyPair', { curve, binding })
        return { publicKey, envelope: await shareWithOthers(ring, maker, { envelope, binding }) }
      })
    },
    signWithIssued: (issued, binding, digest) =>
      ring.askHolder(issued.envelope, 'signWithIssued', { ...issued, binding, digest }),
    issuedPublicKey: (issued, binding) => ring.askHolder(issued.envelope, 'issuedPublicKey', { ...issued, binding }),
    async issueLockedKey(request) {
      ring.assertWritable()
      const lock = lockOf(request)
      return ring.first(ring.members, async (maker) =>
        shared(maker, request.binding, await maker.run('issueLockedKey', { lock })),
      )
    },
    fitsLock: async (request, locked) =>
      (await whereFactorFits(asking, { request, locked }, () => Promise.resolve(true))) ?? false,
    openLockedKey: (request, locked) =>
      whereFactorFits(
        asking,
        { request, locked },
        async (unlock) => new Secret(await ring.askHolder(unlock.envelope, 'unlockKey', unlock)),
      ),
    async relockKey(request, locked, next) {
      ring.assertWritable()
      return whereFactorFits(asking, { request, locked }, (unlock) =>
        ring.first(ring.holdersOf(unlock.envelope), async (maker) =>
          shared(maker, next.binding, await maker.run('rewrapKey', { ...unlock, next: lockOf(next) })),
        ),
      )
    },
    async prepareLock(request) {
      ring.assertWritable()
      const { verifier, factorKey, version } = await halvesOf(request)
      const payload = Buffer.concat([verifier, factorKey])
      try {
        const body = encodeLockVersion(version)
        const envelope = await holdByAll(ring, { kind: 'prepared-lock', binding: request.binding, payload, body })
        return { verifier, envelope }
      } finally {
        factorKey.fill(0)
        payload.fill(0)
      }
    },
    async lockRecoveredKey(key, binding, prepared) {
      ring.assertWritable()
      return ring.first(ring.holdersOf(prepared.envelope), async (maker) =>
        shared(maker, binding, await maker.run('lockRecoveredKey', { key: key.expose(), binding, prepared })),
      )
    },
    ...completing(ring),
    ...epochsOn(ring),
    ...healthOf(ring),
  }
}

const healthOf = (ring: Ring): Pick<Keystore, 'assertAvailable' | 'check' | 'describe' | 'tokens' | 'close'> => ({
  assertAvailable: () => ring.assertAvailable(),
  check: () => ring.check(),
  describe() {
    const joined = ring.members.find(({ hasJoined }) => hasJoined) ?? ring.members[0]
    return joined.describe()
  },
  tokens: () => ring.members.map(({ standing }) => standing),
  close: async () => void (await Promise.allSettled(ring.members.map((member) => member.close()))),
})

/** Small values by every token as they are; of a large one every token holds the key, and its body is encrypted once, here. */
async function sealByAll(
  ring: Ring,
  plaintext: Secret,
  { tenant, binding }: { tenant: Tenant; binding: Binding },
): Promise<Uint8Array> {
  if (plaintext.length <= MOST_DIRECT_BYTES) {
    return holdByAll(ring, { kind: 'direct', binding, payload: plaintext.expose() })
  }
  if (plaintext.length > MOST_BODY_BYTES - DATA_KEY_OVERHEAD) {
    throw new HsmRefusal('input-refused', `a sealed value holds at most ${MOST_BODY_BYTES} bytes`)
  }
  ring.assertWritable()
  const payload = await ring.askAny('drawKey', {})
  try {
    const associated = bindBody({ tenant, binding, kind: 'data-key' })
    const body = encryptBody(payload, { plaintext: plaintext.expose(), associated })
    return await holdByAll(ring, { kind: 'data-key', binding, payload, body })
  } finally {
    payload.fill(0)
  }
}
