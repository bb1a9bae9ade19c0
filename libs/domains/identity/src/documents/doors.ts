/** What only development may do: files and the addresses that open them would pass in clear. */
export const objectDoors = ({ OBJECTS_URL: url }: { readonly OBJECTS_URL?: string | undefined }): readonly string[] =>
  url !== undefined && !/^https:/i.test(url)
    ? ['OBJECTS_URL is not https: documents, and the addresses that open them, pass in clear.']
    : []
