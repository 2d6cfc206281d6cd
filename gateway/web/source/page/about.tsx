// What this is, what it is made of, under which licences, and what the instruments of this mesh are.
import { root, version } from "../api/address";
import type { InstrumentDocument } from "../api/types";
import { useCall } from "../api/use";
import { ErrorText } from "../parts";

const PARTS: [string, string, string, string, string[]][] = [
  [
    "Aladin Lite 3.8.2",
    "LGPL-3.0-or-later",
    "draws the sky; CDS, Strasbourg astronomical Data Center; as it came, in a file of its own",
    "https://github.com/cds-astro/aladin-lite",
    ["aladin-lite-LICENSE.txt", "aladin-lite-COPYING.txt", "aladin-lite-COPYING.LESSER.txt"],
  ],
  ["Preact 11.2.0", "MIT", "draws the page", "https://github.com/preactjs/preact", ["preact-LICENSE.txt"]],
  ["uPlot 1.6.32", "MIT", "draws curves and spectra", "https://github.com/leeoniya/uPlot", ["uplot-LICENSE.txt"]],
  ["sampjs 1.0.3", "CC0-1.0", "sends files to programs on your desk; Mark Taylor, Bristol", "https://github.com/astrojs/sampjs", []],
];

export function About() {
  const { value: instruments, error, again } = useCall<InstrumentDocument[]>("/instruments");
  return (
    <>
      <h1>About odamesh {version}</h1>
      <p>
        Online data analysis of the INTEGRAL (IBIS/ISGRI, JEM-X, SPI-ACS) and POLAR archives. Ask for an image of a sky
        region and a time range: the mesh finds the science windows, analyses each in a container of its instrument, and
        merges the parts. What was made once is kept: asking again costs nothing.
      </p>
      <p>
        Everything that this page does is there for programs too: <a href={`${root}/docs`}>the interface</a>, a Python
        client, and the command <code>odamesh</code>. The licence of the project is BSD-3-Clause.
      </p>
      <h2>Instruments</h2>
      {error ? <ErrorText error={error} again={again} /> : null}
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">instrument</th>
              <th scope="col">what it is</th>
              <th scope="col">products</th>
              <th scope="col">calibration</th>
            </tr>
          </thead>
          <tbody>
            {instruments?.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.title}</th>
                <td>{one.help}</td>
                <td>
                  {Object.values(one.products)
                    .map((product) => product.title)
                    .join(", ")}
                </td>
                <td>{one.calibration}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2>What the page is made of</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">part</th>
              <th scope="col">licence</th>
              <th scope="col">what it does</th>
            </tr>
          </thead>
          <tbody>
            {PARTS.map(([name, licence, purpose, source, files]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {licence}
                  {files.length ? ": " : ""}
                  {files.map((file) => (
                    <a key={file} class="file" href={`${root}/page/licences/${file}`}>
                      {file.replace(/^.*?-(?=LICENSE|COPYING)/, "").replace(".txt", "")}
                    </a>
                  ))}
                </td>
                <td>
                  {purpose}; <a href={source}>its source</a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        Whoever runs a gateway may put another version of Aladin Lite in the place of its file, as its licence says. The
        page asks no other host for anything; on a click it sends to programs on your own machine.
      </p>
    </>
  );
}
