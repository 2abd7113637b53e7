/** A distinguished name as text, most significant part first, such as `O=Datacenter, CN=Root`; equal names have equal text. */
export type Name = string;
