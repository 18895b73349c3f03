/** HRESULTs of the host network service (winerror.h) and its words for them. */
export const REFUSALS = {
  notFound: [0x80070490, 'Element not found.'],
  unspecified: [0x80004005, 'Unspecified error'],
  networkNotFound: [0x803b0001, 'The network was not found.'],
  endpointNotFound: [0x803b0002, 'The endpoint was not found.'],
  adapterNotFound: [0x803b0006, 'The network adapter was not found.'],
  networkType: [0x803b000b, 'The network type is not valid.'],
  networkExists: [0x803b0010, 'A network with this name already exists.'],
  attached: [0x803b0014, 'The specified endpoint is already attached to a compartment or container.'],
  json: [0x803b001b, 'Invalid JSON document string.'],
  address: [0x803b001e, 'The specified IP address is not valid.'],
  addressTaken: [0x803b002f, 'The address is invalid or reserved.'],
  systemNotFound: [
    0xc037010e,
    'A virtual machine or container with the specified identifier does not exist.',
  ],
} as const satisfies Readonly<Record<string, readonly [hresult: number, words: string]>>;

export type Refusal = keyof typeof REFUSALS;

/** What a call comes to: a document, or why not. */
export type Outcome = { readonly done: unknown } | { readonly refused: Refusal };
