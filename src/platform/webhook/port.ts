// How a message leaves the house for an address that a customer has named.

export type Message = { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string };

/** `status` of the answer; `fault`: why there was none, a code */
export type Answer = { readonly status: number } | { readonly fault: PostFault };

export const postFaults = ['address', 'name', 'private', 'refused', 'certificate', 'late', 'broken'] as const;
/**
 * address: no https address · name: has no address · private: lies in a network that is not for messages · refused: nobody takes the connection ·
 * certificate: not one that is trusted · late: no answer in time · broken: the connection ended before the answer
 */
export type PostFault = (typeof postFaults)[number];

/** Sends once and never throws: what came of it is the answer. Redirects are answers, and are not followed. */
export type Post = (message: Message) => Promise<Answer>;
