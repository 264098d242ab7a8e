// The page: status.
export default function Page() {
  return <h1>status</h1>;
}
