import { render } from "preact";
import { App } from "./app";
import "./style/tokens.css";
import "./style/layout.css";
import "./style/controls.css";
import "./style/viewer.css";
import "./style/findings.css";
import "./style/report.css";

render(<App />, document.getElementById("page")!);
