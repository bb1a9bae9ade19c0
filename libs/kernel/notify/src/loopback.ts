const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/** Whether the host of a URL is this machine; only there may a message travel without TLS. */
export const isLoopback = ({ hostname }: URL): boolean => loopback.test(hostname)
