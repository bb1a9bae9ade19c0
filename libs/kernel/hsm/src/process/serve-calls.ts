import { type Link, probeJudged, runJudged } from '../judged.ts'
import { type OperationName, operations } from '../operations/index.ts'
import { FrameChannel } from './frame-channel.ts'
import { CALLS, PROBE, type ProbeResult } from './protocol.ts'
import type { Turns } from './turns.ts'
import { encodeFailure } from './wire-failure.ts'
import { decodeValue, type WireObject, type WireValue, wipeValue } from './wire-value.ts'

/** Answers calls in one session until the parent closes. What crossed is wiped. */
export function serveCalls(link: Link, turns: Turns): void {
  const channel = new FrameChannel(CALLS, turns)
  for (let frame = channel.receive(); frame !== undefined; frame = channel.receive()) {
    const asked = decodeValue(frame.bytes) as WireObject
    frame.bytes.fill(0)
    const answer = answerTo(link, asked)
    channel.send(frame.call, answer)
    wipeValue(asked)
    wipeValue(answer)
  }
}

function answerTo(link: Link, { name, request }: WireObject): WireObject {
  try {
    return { result: perform(link, name, request) as WireValue }
  } catch (error) {
    return { failure: encodeFailure(error) }
  }
}

function perform(link: Link, name: WireValue, request: WireValue): unknown {
  if (name === PROBE) {
    probeJudged(link)
    return { residentBytes: process.memoryUsage.rss() } satisfies ProbeResult
  }
  if (typeof name !== 'string' || !Object.hasOwn(operations, name)) throw new TypeError('no such operation')
  return runJudged(link, name as OperationName, request as never)
}
