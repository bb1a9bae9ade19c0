import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Says in every answer that no face was looked at: a production that reads it must refuse it. */
const serverInfo = {
  version: '9.7.0',
  type: 'strongroom-stub',
  mode: 'stub',
  notice: 'Not FaceTec: a contract stub for development and tests. Whoever says who they are, is.',
}

/** What FaceTec adds to each answer about the call, the device and itself. */
export function about({ method = '', headers, socket }: IncomingMessage, path: string): object {
  const now = new Date()
  return {
    callData: {
      tid: randomUUID(),
      path,
      date: now.toISOString(),
      epochSecond: Math.floor(now.getTime() / 1000),
      requestMethod: method,
    },
    additionalSessionData: {
      isAdditionalDataPartiallyIncomplete: true,
      platform: 'unknown',
      appID: 'unknown',
      installationID: 'unknown',
      deviceModel: 'unknown',
      deviceSDKVersion: 'unknown',
      sessionID: 'unknown',
      userAgent: String(headers['x-user-agent'] ?? ''),
      ipAddress: socket.remoteAddress ?? '',
    },
    serverInfo,
  }
}
