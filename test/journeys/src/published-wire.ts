type Body = Readonly<Record<string, unknown>>
type Sent = Body & { readonly vp?: string }

/**
 * What LearnCard's published client puts on the wire, written out. Not its four seconds: on a machine that is busy they would
 * tell of the machine.
 */
export function publishedWire(apiUrl: string, authToken: () => Promise<string>) {
  const send = async (method: 'POST' | 'PUT', path: string, { vp, ...sent }: Sent) => {
    const answer = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        // A wallet that made no presentation sends no header, not an empty one.
        ...(vp !== undefined && { Authorization: `Bearer ${vp}` }),
      },
      body: JSON.stringify(sent),
      signal: AbortSignal.timeout(60_000),
    })
    const body: unknown = await answer.json()
    return { status: answer.status, type: answer.headers.get('content-type'), body }
  }
  const sendSignedIn = async (method: 'POST' | 'PUT', path: string, sent: Sent) =>
    send(method, path, { authToken: await authToken(), providerType: 'firebase', ...sent })

  return {
    readShare: (body: Body = {}) => sendSignedIn('POST', '/keys/auth-share', body),
    storeShare: (share: string, { vp, primaryDid }: { vp?: string; primaryDid: string }) =>
      sendSignedIn('PUT', '/keys/auth-share', {
        ...(vp !== undefined && { vp }),
        primaryDid,
        authShare: { encryptedData: share, encryptedDek: '', iv: '' },
        securityLevel: 'basic',
        keyProvider: 'sss',
      }),
    addRecovery: (body: Sent) => sendSignedIn('POST', '/keys/recovery', body),
    migrate: (body: Sent) => sendSignedIn('POST', '/keys/migrate', body),
    remove: (body: Sent) => sendSignedIn('POST', '/keys/delete', body),
    mailBackup: (body: Body) => sendSignedIn('POST', '/keys/email-backup', body),
    /** No login: whoever knows the session approves it, and says who they are. */
    approve: (sessionId: string, approverDid: string) =>
      send('POST', `/qr-login/session/${sessionId}/approve`, {
        sessionId,
        approverDid,
        encryptedPayload: '{"ciphertext":"","iv":"","senderPublicKey":""}',
      }),
  }
}
