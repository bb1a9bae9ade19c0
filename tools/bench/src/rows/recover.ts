import { randomBytes } from 'node:crypto'
import { makeScan, startFaceStub } from '@strongroom/face-stub'
import type { Row } from '../bench.ts'
import { interleave } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'
import type { ServerProcess } from '../world/app.ts'
import { ask } from '../world/ask.ts'
import { seedSigner, type Signer, startMpcAuth } from '../world/mpc-auth.ts'
import { peakGrowth } from '../world/peak-memory.ts'
import { startTokens } from '../world/tokens.ts'

const MIB = 1_048_576
const [ONE, SOME, MOST] = [1, 5, 20]
// Of shares so small that they leave no room behind for large ones.
const WARM_UPS = 10
const SMALL_SHARE = 1024

/**
 * What an app holds of a recovery while it streams key shares of 1 MiB: no more than of one share, however many are asked
 * for. As many shares on either side, since the collector lets some tens of MiB gather before it comes.
 */
export const recover: Row = {
  name: 'recover',
  async measure(bench) {
    const faces = await startFaceStub()
    bench.own({ stop: () => faces.close() })
    const tokens = bench.own(await startTokens())
    const superuserUrl = await bench.throwaway()
    const nodeArguments = ['--expose-gc']
    const server = bench.own(await startMpcAuth({ superuserUrl, tokens, facesUrl: faces.url, nodeArguments }))
    const signer = await seedSigner(server, tokens, MOST + 1)
    await post(server, signer, { path: '/auth/face/register', body: await scanFor(server, signer) })
    const [small = '', ...large] = signer.keyIds
    await backUp(server, signer, { keyId: small, bytes: SMALL_SHARE })
    for (const keyId of large) await backUp(server, signer, { keyId, bytes: MIB })

    // A process of its own each time: what one recovery made room for, the next one would find.
    const growthOf = (inEach: number) => async () => {
      const fresh = await server.spawn({})
      for (let times = 0; times < WARM_UPS; times++) await recoverShares(fresh, signer, [small])
      await fresh.child.ask('memory')
      const grown = await peakGrowth(fresh.child.process.pid ?? 0, async () => {
        for (let from = 0; from < MOST; from += inEach)
          await recoverShares(fresh, signer, large.slice(from, from + inEach))
      })
      await fresh.child.stop()
      return grown
    }
    const { values, ratio } = await interleave([ONE, SOME, MOST].map(growthOf), bench.rounds)
    await server.stop()
    const [one = '', ...more] = values.map((bytes) => `${inWords(bytes / MIB)} MiB`)
    return [SOME, MOST].map((inEach, index): Line => ({
      operation: `recover 20 shares of 1 MiB, ${String(inEach)} in a request: peak of memory over a settled one`,
      peer: 'itself, 1 in a request',
      ours: more[index] ?? '',
      theirs: one,
      figure: ratio(index + 1, 0),
      goal: { most: 1.5 },
    }))
  },
}

async function scanFor({ port }: ServerProcess, { token, subject }: Signer) {
  const path = '/auth/face/session-token'
  const { session_token: session } = await ask<{ session_token: string }>(port, { path, bearer: token })
  const { faceScan, auditTrailImage, lowQualityAuditTrailImage } = makeScan({ person: subject, session })
  return {
    face_scan: faceScan,
    audit_trail_image: auditTrailImage,
    low_quality_audit_trail_image: lowQualityAuditTrailImage,
  }
}

const post = ({ port }: ServerProcess, { token }: Signer, asked: { path: string; body: object }): Promise<unknown> =>
  ask(port, { method: 'POST', bearer: token, ...asked })

function backUp(server: ServerProcess, signer: Signer, { keyId, bytes }: { keyId: string; bytes: number }) {
  const keyshares = [{ key_id: keyId, encrypted_keyshare: randomBytes(bytes).toString('base64') }]
  return post(server, signer, { path: '/v2/keyshare/backup', body: { keyshares } })
}

/** As a wallet would that writes to its disk: everything is read as it comes, and nothing kept. */
async function recoverShares(server: ServerProcess, signer: Signer, keyIds: readonly string[]): Promise<void> {
  const scan = await scanFor(server, signer)
  const answer = await fetch(`http://127.0.0.1:${String(server.port)}/v2/keyshare/recover`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${signer.token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ key_ids: keyIds, ...scan }),
  })
  const chunks: AsyncIterable<Uint8Array> | null = answer.body
  let bytes = 0
  for await (const chunk of chunks ?? []) bytes += chunk.length
  if (answer.status !== 200) throw new Error(`recovering answered ${String(answer.status)}`)
  if (keyIds.length > 1 && bytes < keyIds.length * MIB) throw new Error('shares are missing')
}
