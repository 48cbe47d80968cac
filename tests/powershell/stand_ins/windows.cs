// Copyright: hyperv.avma contributors
// GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What only Windows has, under the very same names.
using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using System.Management.Automation;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace System.Web.Script.Serialization
{
    // Of .NET Framework. Its messages hold the whole input, which is why nobody may see them; a PSObject is a circular reference to it.
    public class JavaScriptSerializer
    {
        public int MaxJsonLength { get; set; } = 2097152;

        public object DeserializeObject(string input)
        {
            if (input == null) throw new ArgumentNullException("input");
            if (input.Length > MaxJsonLength)
                throw new ArgumentException("Error during serialization or deserialization using the JSON JavaScriptSerializer.");
            if (input.Trim().Length == 0) return null;
            try
            {
                using (JsonDocument document = JsonDocument.Parse(input)) return Value(document.RootElement);
            }
            catch (JsonException)
            {
                throw new ArgumentException("Invalid object passed in, ':' or '}' expected. (" + input.Length + "): " + input);
            }
        }

        static object Value(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    var members = new Dictionary<string, object>();
                    foreach (JsonProperty member in element.EnumerateObject()) members[member.Name] = Value(member.Value);
                    return members;
                case JsonValueKind.Array:
                    var items = new List<object>();
                    foreach (JsonElement item in element.EnumerateArray()) items.Add(Value(item));
                    return items.ToArray();
                case JsonValueKind.String: return element.GetString();
                case JsonValueKind.True: return true;
                case JsonValueKind.False: return false;
                case JsonValueKind.Number:
                    int small;
                    if (element.TryGetInt32(out small)) return small;
                    long large;
                    if (element.TryGetInt64(out large)) return large;
                    decimal exact;
                    if (element.TryGetDecimal(out exact)) return exact;
                    return element.GetDouble();
                default: return null;
            }
        }

        public string Serialize(object value)
        {
            var text = new StringBuilder();
            Write(value, text);
            if (text.Length > MaxJsonLength)
                throw new InvalidOperationException("The length of the string exceeds the value set on the maxJsonLength property.");
            return text.ToString();
        }

        static void Write(object value, StringBuilder to)
        {
            if (value == null) to.Append("null");
            else if (value is PSObject) throw new InvalidOperationException("A circular reference was detected while serializing an object.");
            else if (value is string) Quote((string)value, to);
            else if (value is bool) to.Append((bool)value ? "true" : "false");
            else if (value is IDictionary) Join(to, '{', '}', Members((IDictionary)value, to));
            else if (value is IEnumerable) Join(to, '[', ']', Items((IEnumerable)value, to));
            else to.Append(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
        }

        static IEnumerable<Action> Members(IDictionary value, StringBuilder to)
        {
            foreach (DictionaryEntry entry in value)
                yield return () => { Quote((string)entry.Key, to); to.Append(':'); Write(entry.Value, to); };
        }

        static IEnumerable<Action> Items(IEnumerable value, StringBuilder to)
        {
            foreach (object item in value) yield return () => Write(item, to);
        }

        static void Join(StringBuilder to, char begin, char end, IEnumerable<Action> parts)
        {
            to.Append(begin);
            bool first = true;
            foreach (Action part in parts)
            {
                if (!first) to.Append(',');
                first = false;
                part();
            }
            to.Append(end);
        }

        static void Quote(string text, StringBuilder to)
        {
            to.Append('"');
            foreach (char one in text)
            {
                switch (one)
                {
                    case '"': to.Append("\\\""); break;
                    case '\\': to.Append("\\\\"); break;
                    // as .NET Framework writes them
                    case '\'': case '<': case '>': case '&': case '\u0085': case '\u2028': case '\u2029':
                        to.Append("\\u" + ((int)one).ToString("x4")); break;
                    default:
                        if (one < ' ') to.Append("\\u" + ((int)one).ToString("x4")); else to.Append(one);
                        break;
                }
            }
            to.Append('"');
        }
    }
}

namespace HypervAvma.StandIns
{
    // On a variable: what is assigned to it is divided, so that a script's own minutes are seconds here and its text is what it is.
    public class PaceAttribute : ArgumentTransformationAttribute
    {
        public double Divisor { get; set; }

        public override object Transform(EngineIntrinsics engine, object value)
        {
            return value == null ? null : (object)(Convert.ToDouble(value) / Divisor);
        }
    }

    // The simulated guest behind the stand-ins of the CIM cmdlets: a line of JSON there, a line of JSON back.
    public static class SimulatedGuest
    {
        public static string Ask(string request)
        {
            int port = int.Parse(Environment.GetEnvironmentVariable("STAND_IN_PORT"));
            using (var client = new TcpClient("127.0.0.1", port))
            using (var stream = client.GetStream())
            {
                byte[] line = Encoding.UTF8.GetBytes(request + "\n");
                stream.Write(line, 0, line.Length);
                using (var reader = new StreamReader(stream, new UTF8Encoding(false))) return reader.ReadLine();
            }
        }
    }
}
