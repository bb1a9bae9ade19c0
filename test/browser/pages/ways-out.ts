/** What a script can do to reach a server. Each is over when the browser says so, well or ill. */
const ways = {
  fetch: (url: URL) => fetch(url, { mode: 'no-cors' }),
  beacon: (url: URL) => navigator.sendBeacon(url, 'out'),
  image: (url: URL) => over(Object.assign(new Image(), { src: url.href })),
  frame: (url: URL) => inserted('iframe', { src: url.href }),
  prefetch: (url: URL) => inserted('link', { rel: 'prefetch', href: url.href }),
  events: (url: URL) => over(new EventSource(url)),
  socket: (url: URL) => over(new WebSocket(url.href.replace('http', 'ws'))),
  stun: (url: URL) => gather({ urls: `stun:${url.host}` }),
  turn: (url: URL) => gather({ urls: `turn:${url.host}?transport=tcp`, username: 'ann', credential: 'ann' }),
}

export type Way = keyof typeof ways

/** Goes that way to `<server>/<way>`. */
export async function go(way: Way, server: string): Promise<void> {
  try {
    await ways[way](new URL(way, server))
  } catch {
    // What a wall answers differs from way to way; the server tells who came.
  }
}

/** What a server elsewhere answers a script that may read it. */
export async function put(url: string): Promise<string> {
  const answer = await fetch(url, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{}' })
  return answer.text()
}

const over = (target: EventTarget) =>
  new Promise((resolve) => {
    for (const event of ['load', 'open', 'error', 'close']) target.addEventListener(event, resolve)
  })

function inserted<Tag extends 'iframe' | 'link'>(tag: Tag, properties: Partial<HTMLElementTagNameMap[Tag]>) {
  const element = Object.assign(document.createElement(tag), properties)
  const end = over(element)
  document.documentElement.append(element)
  return end
}

/** By WebRTC: UDP, or TCP that is not HTTP. Where the server hears it and says nothing, it would take minutes. */
async function gather(server: RTCIceServer): Promise<void> {
  const connection = new RTCPeerConnection({ iceServers: [server] })
  const gathered = new Promise<void>((resolve) => {
    connection.addEventListener('icecandidate', ({ candidate }) => candidate ?? resolve())
  })
  connection.createDataChannel('out')
  await connection.setLocalDescription()
  await Promise.race([gathered, new Promise((resolve) => setTimeout(resolve, 10_000))])
  connection.close()
}
