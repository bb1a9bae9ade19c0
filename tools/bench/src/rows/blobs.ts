import { randomBytes } from 'node:crypto'
import type { Bench, Row } from '../bench.ts'
import { interleave, warmUp } from '../interleave.ts'
import { inWords, type Line } from '../line.ts'
import { load } from '../load/load.ts'
import { get, post } from '../load/requests.ts'
import type { AppServer } from '../world/app.ts'
import { ask } from '../world/ask.ts'
import { seedOwners, signTarget, startIdentityStorage, type WalletOwner } from '../world/identity-storage.ts'

const KIBIBYTE = 1024
const [SMALL, LARGE] = [128 * KIBIBYTE, 1024 * KIBIBYTE]
const TIMES = LARGE / SMALL
const READ = 4
const MADE_A_SECOND = 100

/** A private blob, sealed and opened, by one caller at a time: what eight times the bytes take. */
export const blobs: Row = {
  name: 'blobs',
  async measure(bench) {
    const server = bench.own(await startIdentityStorage(await bench.durable()))
    const [owner] = await seedOwners(server.port, 1)
    if (!owner) throw new Error('nobody signed up')
    const lines = [
      await line(bench, 'GET', await readingOf(bench, server, owner)),
      await line(bench, 'POST', await makingOf(bench, server, owner)),
    ]
    await server.stop()
    return lines
  },
}

type MedianOf = (bytes: number) => () => Promise<number>

async function line(bench: Bench, method: string, medianOf: MedianOf): Promise<Line> {
  const sides = [medianOf(LARGE), medianOf(SMALL)]
  await warmUp(sides)
  const { values, ratio } = await interleave(sides, bench.rounds)
  const [large = Number.NaN, small = Number.NaN] = values
  return {
    operation: `${method} of a private blob of 1 MiB: p50`,
    peer: `itself, 128 KiB, ${String(TIMES)} times`,
    ours: `${inWords(large)} ms`,
    theirs: `${inWords(small * TIMES)} ms`,
    figure: ratio(0, 1) / TIMES,
    goal: { most: 1.25 },
  }
}

const pathOf = ({ signer }: WalletOwner) => `/accounts/${signer.keyId}/blobs`
const blobOf = (bytes: number) => ({
  data: { type: 'kyc_form', attributes: { value: randomBytes(bytes / 2).toString('hex') } },
})

async function readingOf(bench: Bench, { port }: AppServer, owner: WalletOwner): Promise<MedianOf> {
  const headers = await signTarget(owner.signer, 'POST', pathOf(owner))
  const requestFor = async (bytes: number) => {
    const made = await ask<{ data: { id: string } }>(port, {
      method: 'POST',
      path: pathOf(owner),
      headers,
      body: blobOf(bytes),
    })
    const target = `${pathOf(owner)}/${made.data.id}`
    return get(target, await signTarget(owner.signer, 'GET', target))
  }
  const requests = new Map<number, readonly string[]>()
  for (const bytes of [SMALL, LARGE]) {
    requests.set(bytes, await Promise.all(Array.from({ length: READ }, () => requestFor(bytes))))
  }
  const until = { seconds: bench.seconds }
  return (bytes) => async () =>
    (await load({ port, connections: 1, requests: requests.get(bytes) ?? [], expect: 200, until })).p50
}

/** Each is another one: what is there already is not made. */
async function makingOf(bench: Bench, { port }: AppServer, owner: WalletOwner): Promise<MedianOf> {
  const signed = Object.entries(await signTarget(owner.signer, 'POST', pathOf(owner))).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return (bytes) => async () => {
    const count = Math.ceil((MADE_A_SECOND * bench.seconds * SMALL) / bytes)
    const requests = Array.from({ length: count }, () => post(pathOf(owner), blobOf(bytes), signed))
    return (await load({ port, connections: 1, requests, expect: 201, until: { requests: count } })).p50
  }
}
