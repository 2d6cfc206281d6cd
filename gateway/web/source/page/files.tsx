// Every file of the result of a job, and all of them as one.
import { apiUrl } from "../api/client";
import { bytes } from "../parts";
import type { Result } from "./job";

export function Files({ job, results }: { job: string; results: Result[] }) {
  const whole = apiUrl(`/jobs/${job}/archive`);
  return (
    <>
      <p class="row">
        <a href={whole}>All as one zip file</a>
        <a href={`${whole}?format=crate`}>with logs, provenance and programs (RO-Crate)</a>
        <a href={apiUrl(`/jobs/${job}/code`)}>Python that makes it again</a>
      </p>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">file</th>
              <th scope="col">what it is</th>
              <th scope="col">size</th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {results.map((file) => (
              <tr key={file.url}>
                <th scope="row">
                  <a href={file.url}>{file.name}</a>
                </th>
                <td>{file.role ?? file.media_type}</td>
                <td>{bytes(file.size)}</td>
                <td class="mono quiet" title={file.sha256}>
                  {file.sha256.slice(0, 12)}…
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
