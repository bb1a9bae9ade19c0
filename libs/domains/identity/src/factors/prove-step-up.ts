import { prover } from '@strongroom/http'
import {
  byEmail,
  byHighest,
  byPassword,
  byPasswordAndTotp,
  byPhone,
  byTelegram,
  byThatFactor,
  byTotp,
  type stepUp,
} from './step-up.ts'

const LONGEST_AGENT = 512

/** Only what the request is: its wallet, and so its factors, are found by the handler. */
const proveStepUp = (declared: ReturnType<typeof stepUp>) =>
  prover()(declared, ({ method, target, body, ip, headers }) => {
    const userAgent = (headers['user-agent'] ?? '').slice(0, LONGEST_AGENT)
    return { demands: declared.demands, request: { method, target, body, ip, userAgent } }
  })

export const stepUpProvers = [
  byPassword,
  byTotp,
  byPasswordAndTotp,
  byThatFactor,
  byEmail,
  byPhone,
  byTelegram,
  byHighest,
].map(proveStepUp)
