export const throwLater = () => {
  setTimeout(() => {
    throw new Error('nobody catches this')
  }, 0)
}
